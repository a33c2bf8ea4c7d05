package dev.sluice.e2e;

import dev.sluice.e2e.registry.Fault;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A fault of the registry, and what readers may see of it.
 *
 * @param name for reports
 * @param times how many requests meet it
 * @param expected while it lasts; afterwards it is always right bytes
 */
public record FaultScenario(String name, Fault fault, long times, Expected expected) {
    private static final long ALL = Long.MAX_VALUE;

    /** What a read may come to. Never wrong bytes, and never no end. */
    public enum Expected {
        RIGHT_BYTES,
        EIO,
        EITHER
    }

    /** All of them. */
    public static List<FaultScenario> all() {
        return List.of(
                persistent("latency of 300 ms", Fault.latency(Duration.ofMillis(300)), Expected.RIGHT_BYTES),
                persistent("bandwidth of 2 MB/s", Fault.bandwidth(2_000_000), Expected.RIGHT_BYTES),
                persistent("one byte per 100 ms", Fault.slowDrip(Duration.ofMillis(100)), Expected.EIO),
                persistent("silence", Fault.silence(), Expected.EIO),
                passing("connection reset before the answer, once", Fault.resetBeforeTheAnswer()),
                persistent("connection reset before the answer", Fault.resetBeforeTheAnswer(), Expected.EIO),
                passing("connection reset within the body, once", Fault.resetWithinTheBody()),
                persistent("connection reset within the body", Fault.resetWithinTheBody(), Expected.EITHER),
                passing("half bodies, once", Fault.halfBody()),
                persistent("half bodies", Fault.halfBody(), Expected.EITHER),
                persistent("bytes of another range", Fault.otherRange(), Expected.EIO),
                persistent("Content-Range of another range", Fault.wrongContentRange(), Expected.EIO),
                persistent("206 without Content-Range", Fault.noContentRange(), Expected.EIO),
                persistent("200 for 206", Fault.wholeForARange(), Expected.EIO),
                passing("wrong bytes, once", Fault.wrongBytes()),
                persistent("wrong bytes", Fault.wrongBytes(), Expected.EIO),
                persistent("401 for everybody", Fault.unauthorized(), Expected.EIO),
                passing("429 with Retry-After, once", Fault.tooMany(Optional.of(Duration.ofSeconds(1)))),
                persistent("429 with Retry-After", Fault.tooMany(Optional.of(Duration.ofSeconds(1))), Expected.EIO),
                persistent(
                        "429 with Retry-After of an hour",
                        Fault.tooMany(Optional.of(Duration.ofHours(1))),
                        Expected.EIO),
                passing("429 without Retry-After, once", Fault.tooMany(Optional.empty())),
                persistent("429 without Retry-After", Fault.tooMany(Optional.empty()), Expected.EIO),
                persistent("503", Fault.status(503), Expected.EIO),
                persistent("404", Fault.status(404), Expected.EIO),
                persistent("redirects that are good for one request", Fault.expiringRedirect(), Expected.RIGHT_BYTES));
    }

    private static FaultScenario persistent(String name, Fault fault, Expected expected) {
        return new FaultScenario(name, fault, ALL, expected);
    }

    private static FaultScenario passing(String name, Fault fault) {
        return new FaultScenario(name, fault, 1, Expected.RIGHT_BYTES);
    }

    @Override
    public String toString() {
        return name;
    }
}
