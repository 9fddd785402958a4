# Each line of SQL as a C string; comments and empty lines go. "-- step N" begins the next string.
/^-- step [0-9]/{
s/.*/,/
b
}
s/[[:blank:]]*--.*//
/^[[:blank:]]*$/d
s/["\\]/\\&/g
s/.*/"&\\n"/
