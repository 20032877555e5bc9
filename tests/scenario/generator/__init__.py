"""Signed trees, questions and broken answers at random, and who says what of them."""
