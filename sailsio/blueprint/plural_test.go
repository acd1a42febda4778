package blueprint

import "testing"

// BP-1: the plurals that the npm package pluralize gives.
func TestPlural(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"user": "users", "pet": "pets", "category": "categories", "day": "days", "box": "boxes", "bus": "buses", "class": "classes", "status": "statuses",
		"person": "people", "child": "children", "man": "men", "salesman": "salesmen", "human": "humans", "analysis": "analyses", "sheep": "sheep", "news": "news",
		"leaf": "leaves", "wish": "wishes", "church": "churches", "hero": "heroes", "photo": "photos", "quiz": "quizzes", "index": "indices", "user_child": "user_children",
		"address": "addresses", "vet": "vets", "widget": "widgets", "message": "messages", "room": "rooms", "tag": "tags", "users": "users",
		"gas": "gases", "alias": "aliases", "atlas": "atlases", "medium": "mediums", "bonus": "bonuses", "campus": "campuses", "country": "countries", "key": "keys", "process": "processes", "staff": "staff",
	} {
		if got := plural(word); got != want {
			t.Errorf("plural(%q) = %q, want %q", word, got, want)
		}
	}
}
