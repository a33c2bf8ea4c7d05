package dev.sluice.registry;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import okhttp3.HttpUrl;

/**
 * One host of a host directory, as it is written there.
 *
 * @param address where the distribution API is; absent if that is up to the name of the registry
 * @param headers sent with every request, values by name; they may be secrets
 * @param dialTimeout until a connection is open
 */
record HostEntry(
        Optional<Address> address,
        Set<Capability> capabilities,
        Map<String, List<String>> headers,
        TlsSettings tls,
        Optional<Duration> dialTimeout) {

    /** The registry itself, and nothing special about it. */
    static final HostEntry DEFAULT = ofRegistry(TlsSettings.NONE);

    HostEntry {
        requireNonNull(address, "address is null");
        capabilities = Set.copyOf(capabilities);
        headers = Map.copyOf(headers);
        requireNonNull(tls, "tls is null");
        requireNonNull(dialTimeout, "dialTimeout is null");
    }

    /** The registry itself. */
    static HostEntry ofRegistry(TlsSettings tls) {
        return new HostEntry(Optional.empty(), Set.of(Capability.values()), Map.of(), tls, Optional.empty());
    }

    /**
     * Where the distribution API of a host is.
     *
     * @param authority host and port as written
     * @param base ends in {@code /}
     */
    record Address(String authority, HttpUrl base) {}

    HostEntry withAllCapabilities() {
        return new HostEntry(address, Set.of(Capability.values()), headers, tls, dialTimeout);
    }

    HostEntry withoutVerification() {
        return new HostEntry(address, capabilities, headers, tls.withoutVerification(), dialTimeout);
    }

    /** Names no header: they may be secrets. */
    @Override
    public String toString() {
        return "HostEntry[" + address.map(Address::authority).orElse("") + " " + capabilities + "]";
    }
}
