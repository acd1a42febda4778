package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/go-sails/sails/sailsio/manifest/datastore"
)

// colours reports whether to use colours on w.
func colours(w io.Writer) bool { return os.Getenv("NO_COLOR") == "" && isTerminal(w) }

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

var boat = []string{
	`       |\`,
	`       | \`,
	`       |  \`,
	`       |___\`,
	`   ____|____`,
	`   \_______/`,
	` ~~~~~~~~~~~~~`,
}

const boatWidth = 17

// banner is what lift shows when it listens.
func banner(a *application, url string, dev, colour bool) string {
	paint := func(code, text string) string {
		if !colour {
			return text
		}
		return "\x1b[" + code + "m" + text + "\x1b[0m"
	}
	mode := "production"
	if dev {
		mode = "development: everything is open"
	}
	lines := []string{
		"",
		paint("1", cmp.Or(a.m.Name, "application")),
		"listening at " + paint("36;4", url),
		"",
		mode,
		storage(a),
		routeCount(a),
	}
	var b strings.Builder
	b.WriteByte('\n')
	for i, drawn := range boat {
		space := strings.Repeat(" ", boatWidth-utf8.RuneCountInString(drawn))
		b.WriteString(strings.TrimRight(paint("34", drawn)+space+lines[i], " ") + "\n")
	}
	b.WriteByte('\n')
	for _, hint := range hints(a, url, dev) {
		b.WriteString("   " + hint + "\n")
	}
	b.WriteString("   Ctrl-C ends it.\n\n")
	return b.String()
}

func storage(a *application) string {
	models := len(a.m.Models)
	if models == 0 {
		return "no models"
	}
	d := a.m.Datastore
	where := d.Adapter
	if d.Embedded() {
		where = "SQLite, " + cmp.Or(d.Path, datastore.DefaultPath)
		if d.Path == ":memory:" {
			where = "SQLite in memory: records end with the process"
		}
	}
	return count(models, "model") + " in " + where
}

func routeCount(a *application) string {
	all, closed, upstream := 0, 0, 0
	for _, r := range a.Routes() {
		if r.Kind == "option" {
			continue // of this program
		}
		all++
		switch r.Answer {
		case "closed":
			closed++
		case "upstream":
			upstream++
		}
	}
	text := count(all, "route")
	if upstream > 0 {
		text += fmt.Sprintf(", %d of them answered by the old application", upstream)
	}
	if closed > 0 {
		text += fmt.Sprintf(", %d of them closed", closed)
	}
	return text
}

func hints(a *application, url string, dev bool) []string {
	var list []string
	for _, r := range a.Routes() {
		if method, path, _ := strings.Cut(r.Address, " "); r.Kind == "blueprint" && r.Answer == "go" && method == "GET" && !strings.Contains(path, ":") && strings.HasSuffix(r.Action, "/find") {
			list = append(list, "Try:   curl "+url+path)
			break
		}
	}
	if dev {
		list = append(list, "Docs:  "+url+"/openapi.json")
	}
	if n := len(a.Gaps()); n > 0 {
		list = append(list, fmt.Sprintf("%s not carried over to Go: \"sails routes --gaps\" lists them.", plural(n, "thing was", "things were")))
	}
	if !dev && a.m.Blueprints.Expose == nil && len(a.m.Models) > 0 {
		list = append(list, "No model is exposed: name them in blueprints.expose, or use --dev.")
	}
	return list
}

func count(n int, noun string) string { return plural(n, noun, noun+"s") }

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
