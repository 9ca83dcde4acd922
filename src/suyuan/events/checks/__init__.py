"""The parts of `suyuan.events.check`: rules of one field, of one record, of one file, against the filings."""
