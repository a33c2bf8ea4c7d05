package dev.sluice.containerd;

import com.google.protobuf.Timestamp;
import java.time.DateTimeException;
import java.time.Instant;

/** Points of time as containerd sends them. */
final class Timestamps {
    private Timestamps() {}

    /** The same time; the epoch if it is none that there is. */
    static Instant toInstant(Timestamp timestamp) {
        try {
            return Instant.ofEpochSecond(timestamp.getSeconds(), timestamp.getNanos());
        } catch (DateTimeException | ArithmeticException e) {
            return Instant.EPOCH;
        }
    }
}
