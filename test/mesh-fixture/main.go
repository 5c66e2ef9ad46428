// fixture serves a control server for tests until stdin ends. Its first line of output has its addresses.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"

	"globalstacks/mesh-fixture/fixture"
)

func main() {
	listen := flag.String("listen", "127.0.0.1", "the address to serve on; it need not exist yet")
	timeout := flag.Duration("ephemeral-timeout", fixture.DefaultEphemeralTimeout, "how long an ephemeral node may be offline before it is forgotten")
	flag.Parse()
	// Not a flag, because everybody can read arguments.
	token := os.Getenv("FIXTURE_API_TOKEN")
	running, err := fixture.Start(fixture.Options{Address: *listen, APIToken: token, EphemeralTimeout: *timeout})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer running.Close()
	_ = json.NewEncoder(os.Stdout).Encode(map[string]string{"control": running.ControlURL(), "admin": running.AdminURL()})
	_, _ = io.Copy(io.Discard, os.Stdin)
}
