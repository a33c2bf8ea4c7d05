package dev.sluice.e2e.host;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * How long the harness waits before it calls something hung: where the processor is emulated, everything takes several times as
 * long. {@code $SLUICE_TIME_FACTOR}, a whole number of at least 1, says how many times; 1 if absent. Thread-safe.
 */
public final class Patience {

    private static final String VARIABLE = "SLUICE_TIME_FACTOR";

    private Patience() {}

    /**
     * A timeout for this machine.
     *
     * @param timeout for a machine of ordinary speed
     * @throws IllegalArgumentException if the variable holds anything else than a number of at least 1
     */
    public static Duration of(Duration timeout) {
        return timeout.multipliedBy(factor(System.getenv()));
    }

    static int factor(Map<String, String> environment) {
        String text = Optional.ofNullable(environment.get(VARIABLE)).orElse("1");
        try {
            int factor = Integer.parseInt(text);
            if (factor >= 1) {
                return factor;
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(VARIABLE + " is not a number: " + text, e);
        }
        throw new IllegalArgumentException(VARIABLE + " is less than 1: " + text);
    }
}
