"""How many decimals a currency's minor unit has, by ISO 4217, the standard that our amounts are in.

Not the digits that people usually write, which CLDR and so `babel.numbers.get_currency_precision` tell: nobody pays paras
any more, yet 1290 minor units of RSD are 12.90 dinars.
"""

_DECIMALS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_OTHERWISE = {code: decimals for decimals, codes in _DECIMALS.items() for code in codes.split()}


def decimals_of(currency: str) -> int:
    """Decimals of the minor unit of a currency (ISO 4217 code): 2 of euros and of most, 0 of yen, 3 of dinars of Kuwait."""
    return _OTHERWISE.get(currency, 2)
