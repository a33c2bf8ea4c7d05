package dev.sluice.daemon.metrics;

import dev.sluice.daemon.http.Page;
import dev.sluice.daemon.metrics.Readiness.State;
import java.util.function.Supplier;

/** What probes ask for: 200 and {@code ok}, or 503 and a line for each reason. */
public final class HealthPages {
    private static final int OK = 200;
    private static final int UNAVAILABLE = 503;

    private HealthPages() {}

    /** @param state is asked for at each request */
    public static Page of(Supplier<State> state) {
        return accept -> {
            State now = state.get();
            return now.isWell()
                    ? Page.Answer.text(OK, "ok\n")
                    : Page.Answer.text(UNAVAILABLE, String.join("\n", now.reasons()) + "\n");
        };
    }
}
