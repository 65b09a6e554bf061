// podnet gives the pods of one kind node their network: a CNI configuration for the node's own pod ranges, a route to the pod ranges of every
// other node, and the masquerading of what pods send out of the cluster. It follows the Node objects and needs nothing else of the cluster.
package main

import (
	"errors"
	"log"
	"os"
	"time"
)

const pause = time.Second

func main() {
	log.SetFlags(0)
	subnets, err := parseSubnets(os.Getenv("POD_SUBNET"))
	if err != nil {
		log.Fatalf("POD_SUBNET: %v", err)
	}
	// Rules before the CNI configuration: a connection that a pod opens without them keeps its unmasqueraded entry in conntrack.
	if err := masquerade(subnets); err != nil {
		log.Fatalf("masquerade: %v", err)
	}
	api, err := newAPI(os.Getenv("CONTROL_PLANE_ENDPOINT"))
	if err != nil {
		log.Fatalf("API server: %v", err)
	}
	self := os.Getenv("NODE_NAME")
	for {
		err := api.follow(func(nodes map[string]node) error {
			return errors.Join(syncRoutes(routes(nodes, self)), writeConfiguration(nodes[self].Spec.PodCIDRs))
		})
		if err != nil {
			log.Print(err)
			time.Sleep(pause)
		}
	}
}
