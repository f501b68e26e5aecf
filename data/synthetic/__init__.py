"""An invented French city, its days of orders, its fleet and its live-shopping bursts; the same for the same seed."""

from data.synthetic.city import synthetic_city
from data.synthetic.fleet import fleet_and_hubs
from data.synthetic.live import burst
from data.synthetic.orders import normal_day
from data.synthetic.sample import write_sample

__all__ = ["burst", "fleet_and_hubs", "normal_day", "synthetic_city", "write_sample"]
