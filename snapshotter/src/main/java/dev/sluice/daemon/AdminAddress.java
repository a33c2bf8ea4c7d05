package dev.sluice.daemon;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where the admin service listens: never anywhere but on this machine. */
public sealed interface AdminAddress {
    /**
     * Reads an address: an absolute path, or {@code 127.x.y.z:port}, {@code [::1]:port} or {@code localhost:port}. No name is
     * resolved. Empty if the text is neither.
     */
    static Optional<AdminAddress> parse(String text) {
        Optional<AdminAddress> unix = SocketPaths.parse(text).map(UnixSocket::new);
        return unix.isPresent() ? unix : Loopback.parse(text);
    }

    /** @param path absolute; the socket is open to root only */
    record UnixSocket(Path path) implements AdminAddress {
        public UnixSocket {
            requireNonNull(path, "path is null");
        }

        @Override
        public String toString() {
            return path.toString();
        }
    }

    /**
     * A TCP port that every user of this machine can reach.
     *
     * @param host {@code 127.x.y.z}, {@code ::1} or {@code localhost}
     * @param port 1 to 65535
     */
    record Loopback(String host, int port) implements AdminAddress {
        private static final String OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
        private static final Pattern HOST = Pattern.compile("127(?:\\." + OCTET + "){3}|::1|localhost");
        private static final Pattern TEXT = Pattern.compile("(?:\\[(::1)\\]|([^:\\[\\]]+)):([1-9]\\d{0,4})");

        public Loopback {
            if (!HOST.matcher(host).matches()) {
                throw new IllegalArgumentException("not a loopback host: " + host);
            }
            if (port < 1 || port > 65535) {
                throw new IllegalArgumentException("not a port: " + port);
            }
        }

        private static Optional<AdminAddress> parse(String text) {
            Matcher matcher = TEXT.matcher(text);
            if (!matcher.matches()) {
                return Optional.empty();
            }
            String host = matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
            int port = Integer.parseInt(matcher.group(3));
            return HOST.matcher(host).matches() && port <= 65535
                    ? Optional.of(new Loopback(host, port))
                    : Optional.empty();
        }

        @Override
        public String toString() {
            return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
        }
    }
}
