package main

import (
	"bytes"
	"fmt"
	"log"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"

	"github.com/vishvananda/netlink"
)

const (
	configuration = "/etc/cni/net.d/10-podnet.conflist"
	uplink        = "eth0"
	// Marks our routes among those of others; any number that rt_protos(5) leaves free.
	protocol = 77
)

// masquerade puts the node's address in place of a pod's on what leaves the pod subnets. What clients outside send to pods keeps its source,
// whichever node it came in through: https://kubernetes.io/docs/tutorials/services/source-ip/
func masquerade(subnets []netip.Prefix) error {
	command := exec.Command("nft", "-f", "-")
	command.Stdin = strings.NewReader(ruleset(subnets))
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("nft: %w: %s", err, output)
	}
	return nil
}

// syncRoutes makes the routes marked as ours those of wanted.
func syncRoutes(wanted map[netip.Prefix]netip.Addr) error {
	present, err := netlink.RouteListFiltered(netlink.FAMILY_ALL, &netlink.Route{Protocol: protocol}, netlink.RT_FILTER_PROTOCOL)
	if err != nil {
		return fmt.Errorf("list routes: %w", err)
	}
	current := map[netip.Prefix]netip.Addr{}
	for _, route := range present {
		prefix := netip.MustParsePrefix(route.Dst.String())
		gateway, _ := netip.AddrFromSlice(route.Gw)
		current[prefix] = gateway.Unmap()
		if _, keep := wanted[prefix]; !keep {
			if err := netlink.RouteDel(&route); err != nil {
				return fmt.Errorf("remove route to %s: %w", prefix, err)
			}
			log.Printf("no route to %s any more", prefix)
		}
	}
	for prefix, address := range wanted {
		if current[prefix] == address {
			continue
		}
		destination := &net.IPNet{IP: prefix.Addr().AsSlice(), Mask: net.CIDRMask(prefix.Bits(), prefix.Addr().BitLen())}
		if err := netlink.RouteReplace(&netlink.Route{Dst: destination, Gw: address.AsSlice(), Protocol: protocol}); err != nil {
			return fmt.Errorf("route to %s via %s: %w", prefix, address, err)
		}
		log.Printf("route to %s via %s", prefix, address)
	}
	return nil
}

// writeConfiguration tells containerd how to connect pods of the given ranges; none means that the node has not been given its ranges yet.
func writeConfiguration(ranges []netip.Prefix) error {
	if len(ranges) == 0 {
		return nil
	}
	link, err := netlink.LinkByName(uplink)
	if err != nil {
		return fmt.Errorf("%s: %w", uplink, err)
	}
	text := conflist(ranges, link.Attrs().MTU)
	if present, err := os.ReadFile(configuration); err == nil && bytes.Equal(present, text) {
		return nil
	}
	// A reader must never see half a file, and containerd ignores names that do not end in .conflist.
	if err := os.WriteFile(configuration+".new", text, 0o644); err != nil {
		return err
	}
	log.Printf("pods get addresses of %s", ranges)
	return os.Rename(configuration+".new", configuration)
}
