"""Built-in checks: what is asked (`settings`), how (`probes`), what it means (`deciding`), by whom (`worker`)."""
