"""Words that people use for the same thing when they ask how something works: either finds the other."""

from __future__ import annotations

_ALIKE = """
abort cancel stop
answer reply response
app application
begin launch start
break crash fail
change edit modify
chatbot assistant bot
choose pick select
colleague coworker teammate
company firm organisation organization
config configuration configure setting
connect integrate link
conversation thread
cost fee price
dark night
delete erase remove
disable deactivate
disappear lost vanish
document file
email mail
enable activate
find locate search
folder directory
homepage site webpage website
image photo picture
internet network
limit maximum
mobile phone smartphone
permission privilege right
refresh reload
regenerate redo retry
restart reboot
keep kept save store stored
update upgrade
widget window
"""

#: Each word with the others of its line.
SYNONYMS: dict[str, frozenset[str]] = {
    word: frozenset(line.split()) - {word} for line in _ALIKE.split("\n") for word in line.split()
}
