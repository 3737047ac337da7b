//! Bytes to documents to records. Pure: reads what it is given, keeps nothing. Entity keys become canonical here only.
