"""Load balancers and the stateless servers behind them."""
