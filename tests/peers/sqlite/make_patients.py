"""Makes a SQLite file of synthetic patients: make_patients.py FILE"""

import random
import sqlite3
import sys

random.seed(20261123)
FAMILY = ["Halloran", "Okonkwo", "Nguyen", "Kowalczyk", "Haddad", "O'Brien", "Iyer", "Laurent"]
GIVEN = ["Maria", "Chidi", "Mai", "Jakub", "Layla", "Siobhan", "Priya", "Camille"]
with sqlite3.connect(sys.argv[1]) as db:
    db.execute("CREATE TABLE patients (id INTEGER PRIMARY KEY, full_name TEXT, ssn TEXT, birth_date TEXT, phone TEXT, diagnosis TEXT, note TEXT)")
    for number in range(1, 31):
        name = f"{random.choice(GIVEN)} {random.choice(FAMILY)}"
        ssn = f"{random.randint(101, 649)}-{random.randint(10, 99)}-{random.randint(1000, 9999)}"
        born = f"{random.randint(1940, 2010)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}"
        phone = f"({random.randint(212, 989)}) 555-01{random.randint(10, 99)}"
        note = f"{name} called from {phone}; SSN {ssn} verified."
        db.execute("INSERT INTO patients VALUES (?,?,?,?,?,?,?)", (number, name, ssn, born, phone, "hypertension", note))
