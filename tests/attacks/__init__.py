"""Attacks, one file each, mounted on real apps beside the honest request that they imitate."""
