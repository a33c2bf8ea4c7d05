package dev.sluice.ondemand;

/**
 * What a {@link Probe} found.
 *
 * @param name of the probe
 * @param ok whether the machine can do it
 * @param reason one sentence, without a full stop: what was seen, or why not
 */
public record ProbeResult(String name, boolean ok, String reason) {
    public static ProbeResult ok(String name, String reason) {
        return new ProbeResult(name, true, reason);
    }

    public static ProbeResult notOk(String name, String reason) {
        return new ProbeResult(name, false, reason);
    }
}
