package main

import (
	"bytes"
	"encoding/json"
	"fmt"
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

func parseSubnets(text string) ([]netip.Prefix, error) {
	var subnets []netip.Prefix
	for _, part := range strings.Split(text, ",") {
		subnet, err := netip.ParsePrefix(strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		subnets = append(subnets, subnet)
	}
	return subnets, nil
}

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

// ruleset replaces our table as one transaction; the first line lets the second succeed where there is none yet.
func ruleset(subnets []netip.Prefix) string {
	lines := []string{"table inet podnet", "delete table inet podnet", "table inet podnet {", "chain postrouting {"}
	lines = append(lines, "type nat hook postrouting priority srcnat; policy accept;")
	for _, subnet := range subnets {
		family := "ip6"
		if subnet.Addr().Is4() {
			family = "ip"
		}
		lines = append(lines, fmt.Sprintf("%s saddr %s %s daddr != %s masquerade", family, subnet, family, subnet))
	}
	return strings.Join(append(lines, "}", "}", ""), "\n")
}

// routes maps the pod ranges of every node but self to the node's address of the same family.
func routes(nodes map[string]node, self string) map[netip.Prefix]netip.Addr {
	wanted := map[netip.Prefix]netip.Addr{}
	for name, peer := range nodes {
		for _, prefix := range peer.Spec.PodCIDRs {
			if address := peer.address(prefix); name != self && address.IsValid() {
				wanted[prefix.Masked()] = address
			}
		}
	}
	return wanted
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
		current[prefix], _ = netip.AddrFromSlice(route.Gw)
		current[prefix] = current[prefix].Unmap()
		if _, keep := wanted[prefix]; !keep {
			if err := netlink.RouteDel(&route); err != nil {
				return fmt.Errorf("remove route to %s: %w", prefix, err)
			}
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
	return os.Rename(configuration+".new", configuration)
}

// conflist is the CNI configuration list (https://www.cni.dev/docs/spec/#configuration-format) for a node with these pod ranges.
func conflist(ranges []netip.Prefix, mtu int) []byte {
	type object map[string]any
	var pools [][]object
	var routes []object
	for _, prefix := range ranges {
		everything := netip.PrefixFrom(netip.IPv6Unspecified(), 0)
		if prefix.Addr().Is4() {
			everything = netip.PrefixFrom(netip.IPv4Unspecified(), 0)
		}
		pools = append(pools, []object{{"subnet": prefix}})
		routes = append(routes, object{"dst": everything})
	}
	// /run is empty after the node's restart, as are the pods' network namespaces: so are the address reservations.
	ipam := object{"type": "host-local", "dataDir": "/run/cni/podnet", "ranges": pools, "routes": routes}
	text, err := json.Marshal(object{
		"cniVersion": "1.0.0",
		"name":       "podnet",
		"plugins": []object{
			{"type": "ptp", "mtu": mtu, "ipam": ipam},
			{"type": "portmap", "capabilities": object{"portMappings": true}},
		},
	})
	if err != nil {
		panic(err)
	}
	return text
}
