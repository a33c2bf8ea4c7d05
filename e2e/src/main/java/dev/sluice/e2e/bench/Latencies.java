package dev.sluice.e2e.bench;

import java.util.Arrays;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/**
 * How long some operations took. Immutable.
 *
 * @param micros microseconds, ascending
 */
record Latencies(double[] micros) {
    Latencies {
        micros = micros.clone();
        Arrays.sort(micros);
    }

    /** All of several runs. */
    static Latencies of(Stream<Latencies> runs) {
        return new Latencies(
                runs.flatMapToDouble(run -> DoubleStream.of(run.micros)).toArray());
    }

    double median() {
        return percentile(50);
    }

    /** @param percent from 0 to 99 */
    double percentile(int percent) {
        return micros[(int) ((long) micros.length * percent / 100)];
    }

    double mean() {
        return Arrays.stream(micros).average().orElse(0);
    }
}
