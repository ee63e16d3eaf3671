"""What nginx keeps of our answers, and how it is made to forget them when something is written (docs/caching.md)."""
