package dev.sluice.daemon.metrics;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Whether a daemon is well, and if not, why. Asking may take as long as the slowest check. Safe for use by many threads.
 */
public final class Readiness {
    private final List<Check> alive;
    private final List<Check> ready;

    /**
     * @param alive what has to hold for a daemon that needs no restart
     * @param ready what else has to hold for one that can make layers lazy
     */
    public Readiness(List<Check> alive, List<Check> ready) {
        this.alive = List.copyOf(alive);
        this.ready = List.copyOf(ready);
    }

    /**
     * One thing that has to hold.
     *
     * @param name one word
     */
    public record Check(String name, Problem problem) {}

    /** Looks for a problem. */
    @FunctionalInterface
    public interface Problem {
        /** Empty if all is well; else one sentence for an operator. */
        Optional<String> find();
    }

    /** @param reasons one sentence for each problem; empty if all is well */
    public record State(List<String> reasons) {
        public State {
            reasons = List.copyOf(reasons);
        }

        public boolean isWell() {
            return reasons.isEmpty();
        }
    }

    /** Whether a restart would not help. */
    public State alive() {
        return look(alive);
    }

    /** Whether containerd can be served. */
    public State ready() {
        List<Check> all = new ArrayList<>(alive);
        all.addAll(ready);
        return look(all);
    }

    private static State look(List<Check> checks) {
        return new State(checks.stream()
                .flatMap(check -> check.problem().find().map(reason -> check.name() + ": " + reason).stream())
                .toList());
    }
}
