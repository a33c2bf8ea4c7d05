package dev.sluice.registry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.sluice.fuzz.Require;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import okhttp3.Headers;
import okhttp3.HttpUrl;

/**
 * Fuzzes {@code hosts.toml}: a second reading gives the same; headers can be sent; what is taken for the name of a host is the host that is
 * spoken to.
 */
public final class HostsFileFuzz {
    private static final Path DIRECTORY = Path.of("/etc/containerd/certs.d/registry.local");

    private HostsFileFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        String toml = new String(data, UTF_8);
        List<HostEntry> entries;
        try {
            entries = HostsFile.parse(toml, DIRECTORY);
            Require.equal(entries, HostsFile.parse(toml, DIRECTORY), "not the same when read again");
        } catch (InvalidHostsFileException e) {
            String unused = requireNonNull(e.getMessage());
            return;
        }
        Require.that(!entries.isEmpty(), "nobody to ask");
        entries.forEach(HostsFileFuzz::check);
    }

    private static void check(HostEntry entry) {
        Require.that(!entry.capabilities().isEmpty(), "a host that can do nothing");
        Require.that(
                entry.dialTimeout().map(t -> !t.isNegative() && !t.isZero()).orElse(true), "a timeout that never was");
        Require.that(
                entry.dialTimeout().orElse(Duration.ZERO).toMillis() <= Integer.MAX_VALUE,
                "a timeout that no socket can have");
        Headers.Builder headers = new Headers.Builder();
        entry.headers().forEach((name, values) -> values.forEach(value -> headers.add(name, value)));
        entry.tls().authorities().forEach(file -> Require.that(file.isAbsolute(), "a relative path"));
        entry.address().ifPresent(address -> {
            HttpUrl base = address.base();
            Require.that(base.encodedPath().endsWith("/"), "a base without slash: " + base);
            Require.that(base.query() == null && base.username().isEmpty(), "more than a base: " + base);
            HttpUrl authority = HttpUrl.parse(base.scheme() + "://" + address.authority() + "/");
            Require.that(
                    authority != null && authority.host().equals(base.host()) && authority.port() == base.port(),
                    "authority " + address.authority() + " of " + base);
        });
    }
}
