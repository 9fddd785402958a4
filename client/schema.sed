# Each line of SQL as a C string; comments and empty lines go.
s/[[:blank:]]*--.*//
/^[[:blank:]]*$/d
s/["\\]/\\&/g
s/.*/"&\\n"/
