"""Texts for those libraries that leave the octets to their users: the alphabet is smpplib's."""

import smpplib.gsm


def text_of(octets, ucs2):
    if ucs2:
        return octets.decode("utf-16-be")
    table = smpplib.gsm.GSM_CHARACTER_TABLE
    text, offset = [], 0
    for octet in octets:
        if octet == 0x1B:
            offset = 0x80
            continue
        text.append(table[offset + octet])
        offset = 0
    return "".join(text)


def parts_of(text, latin1):
    """The short messages of a text, their data_coding and their esm_class."""
    if latin1:
        return [text.encode("latin-1")], 3, 0
    return smpplib.gsm.make_parts(text)


def without_header(octets, esm_class):
    """The user data header, if esm_class says that there is one, and what follows it."""
    length = octets[0] + 1 if esm_class & 0x40 else 0
    return octets[:length], octets[length:]
