package main

import (
	"log/slog"
	"net/http"
	"os"

	"github.com/go-sails/sails/sailsio/route"
)

func (a *application) routes(production bool, log *slog.Logger) (http.Handler, error) {
	policies, err := newPolicies()
	if err != nil {
		return nil, err
	}
	blueprints, err := a.blueprints(production, policies, log)
	if err != nil {
		return nil, err
	}
	actions := map[string]http.Handler{
		"test/ping": http.HandlerFunc(ping), "test/reset": http.HandlerFunc(a.reset), "test/stats": http.HandlerFunc(a.stats),
		"test/drop": http.HandlerFunc(drop), "test/kick": http.HandlerFunc(kick),
		"echo/all": http.HandlerFunc(echo), "echo/headers": http.HandlerFunc(echoHeaders), "echo/params": http.HandlerFunc(echoParams),
		"res/kind": http.HandlerFunc(respond), "res/status": http.HandlerFunc(respondStatus),
		"res/sendstatus": http.HandlerFunc(respondSendStatus), "res/asyncthrow": http.HandlerFunc(respondAsyncThrow),
		"session/count": http.HandlerFunc(sessionCount), "session/get": http.HandlerFunc(sessionGet), "session/set": http.HandlerFunc(sessionSet),
		"session/login": http.HandlerFunc(sessionLogin), "session/logout": http.HandlerFunc(sessionLogout), "session/id": http.HandlerFunc(sessionID),
		"session/cookieset": http.HandlerFunc(a.cookieSet), "session/cookieget": http.HandlerFunc(a.cookieGet),
	}
	for name, h := range a.socketActions() {
		actions[name] = h
	}
	for name, h := range a.pubsubActions() {
		actions[name] = h
	}
	for _, name := range []string{"open", "closed", "login", "chain", "chaindeny", "failing"} {
		actions["policy/"+name] = http.HandlerFunc(reached)
	}

	table := []route.Route{
		{Address: "GET /test/ping", Action: "test/ping"},
		{Address: "POST /test/reset", Action: "test/reset", CSRF: route.Off},
		{Address: "GET /test/stats", Action: "test/stats"},
		{Address: "GET /test/drop", Action: "test/drop"},
		{Address: "GET /test/kick", Action: "test/kick"},

		{Address: "/echo", Action: "echo/all"},
		{Address: "/echo/headers", Action: "echo/headers"},
		{Address: "/echo/p/:first/:second?", Action: "echo/params"},
		{Address: "/echo/wild/*", Action: "echo/params", SkipAssets: route.Off},
		{Address: "GET /echo/only-get", Action: "echo/all"},
		{Address: "POST /echo/only-post", Action: "echo/all"},
		{Address: "OPTIONS /echo/opt", Action: "echo/all"},
		{Address: "HEAD /echo/head", Action: "echo/all"},
		{Address: `r|^/echo/re/(\d+)/(\w+)$|num,word`, Action: "echo/params", SkipAssets: route.Off},
		{Address: "GET /go/redirect", Redirect: "/echo?from=static-redirect"},
		{Address: "GET /go/response", Handler: http.HandlerFunc(teapot)},

		{Address: "/res/status/:code", Action: "res/status"},
		{Address: "/res/sendstatus/:code", Action: "res/sendstatus"},
		{Address: "/res/async-throw", Action: "res/asyncthrow"},
		{Address: "/res/:kind", Action: "res/kind"},

		{Address: "/session/count", Action: "session/count"},
		{Address: "/session/get", Action: "session/get"},
		{Address: "/session/set", Action: "session/set"},
		{Address: "/session/login", Action: "session/login"},
		{Address: "/session/logout", Action: "session/logout"},
		{Address: "/session/id", Action: "session/id"},
		{Address: "GET /cookie/set", Action: "session/cookieset"},
		{Address: "GET /cookie/get", Action: "session/cookieget"},

		{Address: "/sock/id", Action: "sock/id"},
		{Address: "/sock/join", Action: "sock/join"},
		{Address: "/sock/leave", Action: "sock/leave"},
		{Address: "/sock/leaveall", Action: "sock/leaveall"},
		{Address: "/sock/broadcast", Action: "sock/broadcast"},
		{Address: "/sock/blast", Action: "sock/blast"},
		{Address: "/sock/addmembers", Action: "sock/addmembers"},
		{Address: "/sock/removemembers", Action: "sock/removemembers"},
		{Address: "/sock/rooms", Action: "sock/rooms"},
		{Address: "/sock/emit", Action: "sock/emit"},
		{Address: "/sock/ackorder", Action: "sock/ackorder"},

		{Address: "/ps/:model/subscribe", Action: "ps/subscribe"},
		{Address: "/ps/:model/unsubscribe", Action: "ps/unsubscribe"},
		{Address: "/ps/:model/publish", Action: "ps/publish"},
		{Address: "/ps/:model/room", Action: "ps/room"},

		{Address: "/policy/open", Action: "policy/open"},
		{Address: "/policy/closed", Action: "policy/closed"},
		{Address: "/policy/login", Action: "policy/login"},
		{Address: "/policy/chain", Action: "policy/chain"},
		{Address: "/policy/chaindeny", Action: "policy/chaindeny"},
		{Address: "/policy/failing", Action: "policy/failing"},

		{Address: "GET /csrf", Action: "security/grant-csrf-token"},
		{Address: "POST /csrf/exempt", Action: "echo/all", CSRF: route.Off},
		{Address: "POST /csrf/forced", Action: "echo/all", CSRF: route.On},

		{Address: "GET /cors/open", Action: "echo/all", CORS: &route.CORSConfig{
			AllowOrigins: []string{"http://one.example", "http://two.example"}, AllowCredentials: true,
		}},
	}
	return route.New(route.Config{
		Routes: table, Actions: actions, Policies: policies, CORS: corsConfig(),
		CSRF: os.Getenv("CONF_CSRF") != "", NotFound: blueprints, Production: production, Logger: log,
	})
}

func corsConfig() route.CORSConfig {
	origins := list("CONF_CORS")
	if origins == nil {
		return route.CORSConfig{}
	}
	return route.CORSConfig{
		AllRoutes: true, AllowOrigins: origins, AllowCredentials: true,
		AllowMethods: []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}, AllowHeaders: []string{"content-type", "x-custom"},
	}
}
