"""What the screen shows of Kafka: the partitions with who leads and who reads them; all about one machine.

In the overview stands what is: what the controller has decided, how long the leaders' logs are, what the coordinators
have committed. What a single broker or consumer believes is seen when it is zoomed. While a broker, a coordinator, or
all of them, are down the last that was known stays, marked as such.
"""

from playground.systems.kafka.picture.brokers import broker_detail as broker_detail
from playground.systems.kafka.picture.clients import consumer_detail as consumer_detail
from playground.systems.kafka.picture.clients import producer_detail as producer_detail
from playground.systems.kafka.picture.overview import Overview as Overview
from playground.systems.kafka.picture.things import group_detail as group_detail
from playground.systems.kafka.picture.things import partition_detail as partition_detail
