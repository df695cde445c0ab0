"""What each operation of the shop costs, beside the least it could cost on the same machine."""
