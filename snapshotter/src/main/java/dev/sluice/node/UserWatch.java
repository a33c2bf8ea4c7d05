package dev.sluice.node;

import dev.sluice.containerd.ContainerdException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Looks who uses Sluice on this node until nobody does, and says who it is: at first, when that changes, and now and then. Not thread-safe. */
final class UserWatch {
    static final Duration BETWEEN_LOOKS = Duration.ofSeconds(5);
    /** As often somebody is told again who is waited for. */
    private static final int LOOKS_PER_REMINDER = 60;

    private final ContainerdUse use;
    private final Optional<String> besides;
    private final Consumer<String> log;
    private List<String> before = List.of();
    private int looks;

    /** @param besides UID of a pod that does not count */
    UserWatch(ContainerdUse use, Optional<String> besides, Consumer<String> log) {
        this.use = use;
        this.besides = besides;
        this.log = log;
    }

    /** Whether nobody does; if somebody does, it is time to look again after {@link #BETWEEN_LOOKS}. */
    boolean isOver() throws ContainerdException {
        List<String> users = use.users(besides);
        if (!users.isEmpty() && (!users.equals(before) || looks % LOOKS_PER_REMINDER == 0)) {
            log.accept("Waiting until these do not use Sluice any more; delete or drain them: "
                    + String.join(", ", users));
        }
        before = users;
        looks++;
        return users.isEmpty();
    }

    void await() throws ContainerdException, InterruptedException {
        while (!isOver()) {
            Thread.sleep(BETWEEN_LOOKS.toMillis());
        }
    }
}
