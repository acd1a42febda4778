package blueprint

import "strings"

var irregular = map[string]string{
	"person": "people", "man": "men", "woman": "women", "child": "children", "foot": "feet", "tooth": "teeth",
	"goose": "geese", "mouse": "mice", "louse": "lice", "ox": "oxen", "die": "dice", "quiz": "quizzes",
	"axis": "axes", "echo": "echoes", "hero": "heroes", "potato": "potatoes", "tomato": "tomatoes", "veto": "vetoes",
	"torpedo": "torpedoes", "volcano": "volcanoes", "this": "these", "that": "those", "leaf": "leaves", "loaf": "loaves",
	"half": "halves", "calf": "calves", "shelf": "shelves", "self": "selves", "wolf": "wolves", "thief": "thieves",
	"knife": "knives", "life": "lives", "wife": "wives", "elf": "elves", "criterion": "criteria", "phenomenon": "phenomena",
	"index": "indices", "vertex": "vertices", "matrix": "matrices", "appendix": "appendices", "datum": "data",
	"medium": "mediums", "virus": "viri", "gas": "gases", "alias": "aliases", "atlas": "atlases", "bias": "biases", "bacterium": "bacteria", "stratum": "strata", "cactus": "cacti", "fungus": "fungi",
	"radius": "radii", "nucleus": "nuclei", "alumnus": "alumni", "stimulus": "stimuli", "syllabus": "syllabi",
}

var unchanged = map[string]bool{
	"advice": true, "aircraft": true, "bison": true, "chassis": true, "cod": true, "deer": true, "diabetes": true,
	"equipment": true, "fish": true, "hardware": true, "homework": true, "information": true, "jeans": true,
	"knowledge": true, "luggage": true, "mail": true, "media": true, "money": true, "moose": true, "music": true,
	"news": true, "offspring": true, "pants": true, "rice": true, "salmon": true, "series": true, "sheep": true,
	"shrimp": true, "software": true, "species": true, "staff": true, "swine": true, "tennis": true, "traffic": true,
	"transportation": true, "trout": true, "tuna": true, "wildlife": true, "you": true, "people": true, "data": true,
}

// plural returns the English plural of a model's identity, for paths (BP-1).
func plural(word string) string {
	// Of a compound the last part counts: user_child, blog_post.
	if i := strings.LastIndexByte(word, '_'); i >= 0 && i+1 < len(word) {
		return word[:i+1] + plural(word[i+1:])
	}
	if unchanged[word] {
		return word
	}
	if form, ok := irregular[word]; ok {
		return form
	}
	ends := func(suffixes ...string) bool {
		for _, s := range suffixes {
			if strings.HasSuffix(word, s) && len(word) > len(s) {
				return true
			}
		}
		return false
	}
	stem := func(n int) string { return word[:len(word)-n] }
	switch {
	case strings.HasSuffix(word, "man") && !strings.HasSuffix(word, "human") && !strings.HasSuffix(word, "german") && !strings.HasSuffix(word, "roman") && !strings.HasSuffix(word, "shaman"):
		return stem(3) + "men"
	case ends("sis"):
		return stem(2) + "es"
	case ends("ch", "sh", "x", "z", "ss"):
		return word + "es"
	case ends("us"):
		return word + "es"
	case ends("s"):
		return word // it looks like a plural already
	case ends("y") && !ends("ay", "ey", "iy", "oy", "uy"):
		return stem(1) + "ies"
	}
	return word + "s"
}
