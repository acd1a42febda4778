package adaptertest_test

import (
	"testing"

	"github.com/go-sails/sails/internal/leakcheck"
	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/adaptertest"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

func TestBus(t *testing.T) {
	adaptertest.Run(t, func(*testing.T) func() socketio.Adapter {
		var bus adaptertest.Bus
		return func() socketio.Adapter { return bus.Adapter() }
	})
}

func TestLogBus(t *testing.T) {
	adaptertest.Run(t, func(*testing.T) func() socketio.Adapter {
		var bus adaptertest.LogBus
		return func() socketio.Adapter { return bus.Adapter() }
	})
}
