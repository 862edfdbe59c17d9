"""What shows that tests of the score are satisfied; every module here has a tuple `EVIDENCE`."""
