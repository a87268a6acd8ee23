package translit

// shadda doubles the letter before it; its cell is put in by tidy.
const (
	shadda  = '\u0651'
	doubled = "\x00"
)

// In the tables each letter has its ways, the recommended one first; "" is no trace.

// latin are the letters that are more than a letter of A to Z with marks, and
// those whose marks are written (Doc 9303-3 §6 A). All others lose their marks.
var latin = map[rune][]string{
	'Ä': {"AE", "A"}, 'Å': {"AA", "A"}, 'Æ': {"AE", "A"}, 'Ǽ': {"AE"}, 'Ð': {"D", "DH"}, 'Ñ': {"N", "NXX"},
	'Ö': {"OE", "O"}, 'Ø': {"OE", "O"}, 'Ǿ': {"OE", "O"}, 'Ő': {"O", "OE"}, 'Ü': {"UE", "UXX", "U"}, 'Ű': {"U", "UE"},
	'Þ': {"TH"}, 'Đ': {"D", "DJ"}, 'Ɖ': {"D"}, 'Ħ': {"H"}, 'ı': {"I"}, 'Ĳ': {"IJ"}, 'ĸ': {"K", "Q"}, 'Ŀ': {"L"},
	'ŀ': {"L"}, 'Ł': {"L"}, 'ŉ': {"N"}, 'Ŋ': {"N", "NG"}, 'Œ': {"OE"}, 'ß': {"SS"}, 'ẞ': {"SS"}, 'Ŧ': {"T"},
	'Ə': {"E", "A"}, 'Ɛ': {"E"}, 'Ɔ': {"O"}, 'Ɓ': {"B"}, 'Ɗ': {"D"}, 'Ƴ': {"Y"}, 'Ƙ': {"K"}, 'Ɣ': {"G"}, 'Ɩ': {"I"},
	'Ʋ': {"V"}, 'Ȼ': {"C"},
}

// cyrillic are the letters of Doc 9303-3 §6 B, with the variants of its notes
// (Belarus, Bulgaria, North Macedonia, Serbia, Ukraine) and the ways of older
// passports.
var cyrillic = map[rune][]string{
	'А': {"A"}, 'Б': {"B"}, 'В': {"V", "W"}, 'Г': {"G", "H"}, 'Ґ': {"G"}, 'Д': {"D"}, 'Ђ': {"D", "DJ"}, 'Ѓ': {"G", "GJ"},
	'Е': {"E", "YE", "JE", "IE"}, 'Ё': {"E", "IO", "YO", "JO"}, 'Є': {"IE", "YE", "JE", "E"}, 'Ж': {"ZH", "Z", "J"},
	'З': {"Z"}, 'Ѕ': {"DZ"}, 'И': {"I", "Y"}, 'І': {"I"}, 'Ї': {"I", "YI", "JI"}, 'Й': {"I", "Y", "J"}, 'Ј': {"J"},
	'К': {"K"}, 'Л': {"L"}, 'Љ': {"LJ"}, 'М': {"M"}, 'Н': {"N"}, 'Њ': {"NJ"}, 'О': {"O"}, 'П': {"P"}, 'Р': {"R"},
	'С': {"S"}, 'Т': {"T"}, 'Ћ': {"C", "CJ"}, 'Ќ': {"K", "KJ"}, 'У': {"U", "OU"}, 'Ў': {"U", "W"}, 'Ф': {"F"},
	'Х': {"KH", "H", "X"}, 'Ц': {"TS", "C", "TC"}, 'Ч': {"CH", "C", "TCH"}, 'Ш': {"SH", "S"}, 'Щ': {"SHCH", "SHT", "SC"},
	'Ъ': {"IE", "", "A"}, 'Ы': {"Y"}, 'Ь': {"", "I", "Y", "J"}, 'Э': {"E", "EH"}, 'Ю': {"IU", "YU", "JU", "U"},
	'Я': {"IA", "YA", "JA", "A"}, 'Џ': {"DZ", "DJ"}, 'Ѣ': {"IE", "E"}, 'Ѫ': {"U", "A"}, 'Ѳ': {"F"}, 'Ѵ': {"Y", "I"},
	'Ә': {"A", "AE"}, 'Ғ': {"G", "GH"}, 'Қ': {"K", "Q"}, 'Ң': {"N", "NG"}, 'Ө': {"O", "OE"}, 'Ұ': {"U"}, 'Ү': {"U", "UE"},
	'Һ': {"H"}, 'Ҳ': {"H", "KH"}, 'Ҷ': {"J", "CH"}, 'Ӣ': {"I"}, 'Ӯ': {"U"},
}

// greek are the letters of ELOT 743.
var greek = map[rune][]string{
	'Α': {"A"}, 'Β': {"V", "B"}, 'Γ': {"G"}, 'Δ': {"D"}, 'Ε': {"E"}, 'Ζ': {"Z"}, 'Η': {"I", "E"}, 'Θ': {"TH"}, 'Ι': {"I"},
	'Κ': {"K", "C"}, 'Λ': {"L"}, 'Μ': {"M"}, 'Ν': {"N"}, 'Ξ': {"X"}, 'Ο': {"O"}, 'Π': {"P"}, 'Ρ': {"R"}, 'Σ': {"S"},
	'ς': {"S"}, 'Τ': {"T"}, 'Υ': {"Y", "I", "U"}, 'Φ': {"F", "PH"}, 'Χ': {"CH", "H"}, 'Ψ': {"PS"}, 'Ω': {"O"},
}

// pairs are letters that are written together (ELOT 743).
var pairs = map[string][]string{
	"ΓΓ": {"NG", "GG"}, "ΓΞ": {"NX", "GX"}, "ΓΧ": {"NCH", "GCH", "NH"}, "ΓΚ": {"GK", "G", "NK"},
	"ΜΠ": {"MP", "B"}, "ΝΤ": {"NT", "D"}, "ΟΥ": {"OU", "U"}, "ΟΎ": {"OU", "U"},
	"ΑΥ": {"AV", "AF", "AU"}, "ΑΎ": {"AV", "AF", "AU"},
	"ΕΥ": {"EV", "EF", "EU"}, "ΕΎ": {"EV", "EF", "EU"},
	"ΗΥ": {"IV", "IF"}, "ΗΎ": {"IV", "IF"},
}

// arabic are the letters of Doc 9303-3 §6 C: many begin with an X, so that the
// line can be read back. Short vowels are not written.
var arabic = map[rune][]string{
	'ء': {"XE"}, 'آ': {"XAA"}, 'أ': {"XAE"}, 'ؤ': {"U"}, 'إ': {"I"}, 'ئ': {"XI"}, 'ا': {"A"}, 'ب': {"B"},
	'ة': {"XTA", "XAH"}, 'ت': {"T"}, 'ث': {"XTH"}, 'ج': {"J"}, 'ح': {"XH"}, 'خ': {"XKH"}, 'د': {"D"}, 'ذ': {"XDH"},
	'ر': {"R"}, 'ز': {"Z"}, 'س': {"S"}, 'ش': {"XSH"}, 'ص': {"XSS"}, 'ض': {"XDZ"}, 'ط': {"XTT"}, 'ظ': {"XZZ"}, 'ع': {"E"},
	'غ': {"G"}, 'ف': {"F"}, 'ق': {"Q"}, 'ك': {"K"}, 'ل': {"L"}, 'م': {"M"}, 'ن': {"N"}, 'ه': {"H"}, 'و': {"W"},
	'ى': {"XAY"}, 'ي': {"Y"}, 'ٱ': {"XXA"}, 'ٹ': {"XXT"}, 'ټ': {"XRT"}, 'پ': {"P"}, 'ځ': {"XKE"}, 'څ': {"XXH"},
	'چ': {"XC"}, 'ڈ': {"XXD"}, 'ډ': {"XDR"}, 'ڑ': {"XXR"}, 'ړ': {"XRR"}, 'ږ': {"XRX"}, 'ژ': {"XJ"}, 'ښ': {"XXS"},
	'ک': {"XKK"}, 'ګ': {"XXK"}, 'ڭ': {"XNG"}, 'گ': {"XGG"}, 'ں': {"XNN"}, 'ڼ': {"XXN"}, 'ھ': {"XDO"}, 'ۀ': {"XYH"},
	'ہ': {"XXG"}, 'ۂ': {"XGE"}, 'ۃ': {"XTG"}, 'ی': {"XYA"}, 'ۍ': {"XXY"}, 'ې': {"Y"}, 'ے': {"XYB"}, 'ۓ': {"XBE"},
	shadda: {doubled},
}
