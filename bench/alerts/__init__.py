"""Half a year of real flights through the generated alerts: what they find, and how often they cry wolf."""
