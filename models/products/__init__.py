"""Problem products: what a shop expects to come back, the evidence against each product, and the flags.

A sale is counted per order line, a return per *incident*: what one customer sends back of one product in
one week. Counting incidents, not units, is what keeps one customer's 80,000 units from being evidence of
80,000 faults; units come in again when it is said what is at stake.
"""
