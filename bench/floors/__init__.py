"""The least that could answer: bare programs beside which the shop is measured."""
