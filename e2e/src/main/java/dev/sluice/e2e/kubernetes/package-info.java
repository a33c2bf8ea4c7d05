/**
 * A real Kubernetes cluster: its servers on this machine's loopback interface, and a kubelet with containerd in a {@link
 * dev.sluice.e2e.host.SystemdMachine}. Pods are on the host's network; there is no other.
 */
@NullMarked
package dev.sluice.e2e.kubernetes;

import org.jspecify.annotations.NullMarked;
