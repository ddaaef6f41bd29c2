"""Measurements that a person can repeat: `playground bench`."""
