"""Coverage-guided fuzzing: ``python -m tests.fuzz --seconds N [target …]``."""
