"""What monitoring costs, beside what people use today: ``make bench``."""
