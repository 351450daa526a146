"""What townhall writes, a folder for each language and in it a file for each family of messages.

A text begins with the name of its template, and has a `subject` and a `body`. `{{ ... }}` are values: `city`
(its name), `title` (of what it is about), `link`, `answer_link` (where to say whether a request is solved),
and what the follow-up gives. A name that ends in `_at` is a time, one in `_on` a day; both are written as the
reader's language and clock have them. Paragraphs are divided by an empty line.
"""
