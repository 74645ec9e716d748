"""How well problem products are found: shops of the simulator's own distributions, judged week by week, beside baselines."""
