package dev.sluice.registry;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/**
 * How a {@link RegistryClient} behaves.
 *
 * @param timeouts how long anything may take
 * @param retries how often and when something is tried again
 * @param limits how much is taken from a registry
 * @param plainHttpHosts registries that are spoken to without TLS, as {@code host} (any port) or {@code host:port}. Loopback
 *     addresses need not be named: on port 80 they are spoken to without TLS, on other ports but 443 if they do not know it, and
 *     their certificates are not verified
 * @param hostDirectories roots of directories that say more about registries and name their mirrors, as containerd reads them; the
 *     first that has something about a registry counts. They need not be there
 * @param patience for how long a {@link RemoteBlob#patiently patient} read is tried again at least
 * @param userAgent what the client calls itself
 * @param maxIdleConnections how many unused connections are kept open, over all hosts
 * @param keepAlive how long an unused connection is kept open
 */
public record RegistryOptions(
        Timeouts timeouts,
        Retries retries,
        Limits limits,
        Set<String> plainHttpHosts,
        List<Path> hostDirectories,
        Duration patience,
        String userAgent,
        int maxIdleConnections,
        Duration keepAlive) {

    public RegistryOptions {
        requireNonNull(timeouts, "timeouts is null");
        requireNonNull(retries, "retries is null");
        requireNonNull(limits, "limits is null");
        if (userAgent.isBlank() || !userAgent.chars().allMatch(c -> c >= ' ' && c < 127)) {
            throw new IllegalArgumentException("userAgent cannot stand in a header");
        }
        plainHttpHosts = Set.copyOf(plainHttpHosts);
        hostDirectories = List.copyOf(hostDirectories);
        if (patience.isNegative()) {
            throw new IllegalArgumentException("patience is negative");
        }
        requirePositive(keepAlive, "keepAlive");
        if (maxIdleConnections < 0) {
            throw new IllegalArgumentException("maxIdleConnections is negative");
        }
    }

    /** 32 idle connections, kept for one minute; no host without TLS but loopback, no mirrors; a patience of 10 s; the defaults of the parts. */
    public static RegistryOptions defaults() {
        return new RegistryOptions(
                Timeouts.defaults(),
                Retries.defaults(),
                Limits.defaults(),
                Set.of(),
                List.of(),
                Duration.ofSeconds(10),
                "sluice",
                32,
                Duration.ofMinutes(1));
    }

    public RegistryOptions withTimeouts(Timeouts newTimeouts) {
        return new RegistryOptions(
                newTimeouts,
                retries,
                limits,
                plainHttpHosts,
                hostDirectories,
                patience,
                userAgent,
                maxIdleConnections,
                keepAlive);
    }

    public RegistryOptions withRetries(Retries newRetries) {
        return new RegistryOptions(
                timeouts,
                newRetries,
                limits,
                plainHttpHosts,
                hostDirectories,
                patience,
                userAgent,
                maxIdleConnections,
                keepAlive);
    }

    public RegistryOptions withLimits(Limits newLimits) {
        return new RegistryOptions(
                timeouts,
                retries,
                newLimits,
                plainHttpHosts,
                hostDirectories,
                patience,
                userAgent,
                maxIdleConnections,
                keepAlive);
    }

    public RegistryOptions withPlainHttpHosts(Set<String> newHosts) {
        return new RegistryOptions(
                timeouts,
                retries,
                limits,
                newHosts,
                hostDirectories,
                patience,
                userAgent,
                maxIdleConnections,
                keepAlive);
    }

    public RegistryOptions withHostDirectories(List<Path> newDirectories) {
        return new RegistryOptions(
                timeouts,
                retries,
                limits,
                plainHttpHosts,
                newDirectories,
                patience,
                userAgent,
                maxIdleConnections,
                keepAlive);
    }

    public RegistryOptions withPatience(Duration newPatience) {
        return new RegistryOptions(
                timeouts,
                retries,
                limits,
                plainHttpHosts,
                hostDirectories,
                newPatience,
                userAgent,
                maxIdleConnections,
                keepAlive);
    }

    /**
     * How long anything may take.
     *
     * @param connect until a connection is open, TLS included
     * @param request one request, until its answer is complete or, for a range of a blob, until its first byte is there
     * @param operation all requests of one call together: tokens, redirects, retries and the pauses between them
     * @param stall a transfer that brings fewer than {@code progress} bytes in this time has stalled; while it brings them it
     *     may take as long as it needs
     * @param progress in bytes; less is enough when less is wanted
     */
    public record Timeouts(Duration connect, Duration request, Duration operation, Duration stall, long progress) {
        public Timeouts {
            requirePositive(connect, "connect");
            requirePositive(request, "request");
            requirePositive(operation, "operation");
            requirePositive(stall, "stall");
            if (progress < 1) {
                throw new IllegalArgumentException("progress must be at least one byte");
            }
        }

        /** Connect 10 s, request 20 s, operation 60 s, stall 15 s for 16 KiB. */
        public static Timeouts defaults() {
            return new Timeouts(
                    Duration.ofSeconds(10),
                    Duration.ofSeconds(20),
                    Duration.ofSeconds(60),
                    Duration.ofSeconds(15),
                    16 << 10);
        }
    }

    /**
     * How often and when something is tried again: after the n-th failure a random pause between zero and
     * {@code min(maxPause, basePause * 2^(n-1))}, or as long as the server asked for.
     *
     * @param count how many times more after the first; 0 for never
     * @param basePause the longest first pause
     * @param maxPause the longest pause of all
     * @param maxRetryAfter a server that asks for more than this is taken as down
     */
    public record Retries(int count, Duration basePause, Duration maxPause, Duration maxRetryAfter) {
        public Retries {
            if (count < 0) {
                throw new IllegalArgumentException("count of retries is negative");
            }
            requirePositive(basePause, "basePause");
            requirePositive(maxPause, "maxPause");
            requirePositive(maxRetryAfter, "maxRetryAfter");
        }

        /** 5 times, base 200 ms, at most 5 s; at most 30 s if the server asks. */
        public static Retries defaults() {
            return new Retries(5, Duration.ofMillis(200), Duration.ofSeconds(5), Duration.ofSeconds(30));
        }
    }

    /**
     * How much is taken from a registry.
     *
     * @param manifest the largest manifest or index, in bytes
     * @param skip how many bytes are read and thrown away when a server ignores the start of a range
     * @param redirects how many redirects in a row are followed
     * @param indexDepth how many indexes lie between a reference and its manifest
     */
    public record Limits(int manifest, long skip, int redirects, int indexDepth) {
        public Limits {
            if (manifest < 1 || skip < 0 || redirects < 0 || indexDepth < 0) {
                throw new IllegalArgumentException("a limit is negative");
            }
        }

        /** 8 MiB, 1 MiB, 5 and 3. */
        public static Limits defaults() {
            return new Limits(8 << 20, 1 << 20, 5, 3);
        }
    }

    private static void requirePositive(Duration duration, String name) {
        if (duration.isZero() || duration.isNegative()) {
            throw new IllegalArgumentException(name + " must be positive");
        }
    }
}
