package blueprint

import "github.com/go-sails/sails/sailsio/model"

// shortcuts012 are the shortcut routes of Sails 0.12, for all verbs (BO-1).
func (api *API) shortcuts012(e *exposed) []Route {
	t := &table{api: api, e: e, base: api.cfg.Prefix + "/" + api.name(e)}
	all := func(path string, action Action, assoc *model.Association) {
		for _, verb := range verbs {
			t.add(verb, path, action, assoc)
		}
	}
	all("/find", Find, nil)
	all("/find/:id", FindOne, nil)
	all("/create", Create, nil)
	all("/update/:id", Update, nil)
	all("/destroy/:id?", Destroy, nil)
	for _, assoc := range e.m.Associations {
		if assoc.Kind == model.ToMany {
			all("/:parentid/"+assoc.Alias+"/add/:id?", Add, assoc)
			all("/:parentid/"+assoc.Alias+"/remove/:id?", Remove, assoc)
		}
	}
	return t.routes
}

// rest012 are the REST routes of Sails 0.12 (BO-2).
func (api *API) rest012(e *exposed) []Route {
	t := &table{api: api, e: e, base: api.cfg.Prefix + api.cfg.RestPrefix + "/" + api.name(e)}
	t.add("GET", "", Find, nil)
	t.add("GET", "/:id", FindOne, nil)
	t.add("POST", "", Create, nil)
	t.add("PUT", "/:id", Update, nil)
	t.add("POST", "/:id", Update, nil)
	t.add("DELETE", "/:id?", Destroy, nil)
	for _, assoc := range e.m.Associations {
		if assoc.Kind == model.ToMany {
			t.add("POST", "/:parentid/"+assoc.Alias+"/:id?", Add, assoc)
			t.add("DELETE", "/:parentid/"+assoc.Alias+"/:id?", Remove, assoc)
		}
	}
	for _, assoc := range e.m.Associations {
		t.add("GET", "/:parentid/"+assoc.Alias+"/:id?", Populate, assoc)
	}
	return t.routes
}
