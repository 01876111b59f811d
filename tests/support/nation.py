"""Offices for tests of the simulation: real names, few of them."""

from __future__ import annotations

from agent.core.model import Branch

_OFFICES = """
jember        | Jawa Timur       | Jawa       | Asia/Jakarta
surabaya      | Jawa Timur       | Jawa       | Asia/Jakarta
semarang      | Jawa Tengah      | Jawa       | Asia/Jakarta
medan         | Sumatera Utara   | Sumatra    | Asia/Jakarta
banda-aceh    | Aceh             | Sumatra    | Asia/Jakarta
pontianak     | Kalimantan Barat | Kalimantan | Asia/Jakarta
sambas        | Kalimantan Barat | Kalimantan | Asia/Jakarta
denpasar      | Bali             | Bali Nusra | Asia/Makassar
makassar      | Sulawesi Selatan | Sulawesi   | Asia/Makassar
manado        | Sulawesi Utara   | Sulawesi   | Asia/Makassar
balikpapan    | Kalimantan Timur | Kalimantan | Asia/Makassar
ambon         | Maluku           | Maluku     | Asia/Jayapura
tual          | Maluku           | Maluku     | Asia/Jayapura
jayapura      | Papua            | Papua      | Asia/Jayapura
mimika        | Papua Tengah     | Papua      | Asia/Jayapura
merauke       | Papua Selatan    | Papua      | Asia/Jayapura
sorong        | Papua Barat Daya | Papua      | Asia/Jayapura
"""


def _branch(line: str) -> Branch:
    office, province, island, zone = (part.strip() for part in line.split("|"))
    return Branch(id=office, name=office, province=province, island=island, zone=zone)


NATION = tuple(_branch(line) for line in _OFFICES.strip().splitlines())
