package dev.sluice.image;

import dev.sluice.registry.Deadline;
import dev.sluice.registry.ImageReference;
import dev.sluice.registry.RegistryClient;
import dev.sluice.registry.RegistryException;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Asks registries whether they have a manifest. Answers hold for a while, for all layers of an image ask the same. Safe for use
 * by many threads.
 */
final class ReferenceProver {
    private static final Duration ANSWER_VALID = Duration.ofSeconds(30);
    /** A registry that was not reached may be back soon. */
    private static final Duration FAILURE_VALID = Duration.ofSeconds(3);

    private static final int MAX_ANSWERS = 1024;

    private final RegistryClient registry;
    private final LongSupplier nanoTime;
    private final Map<ImageReference, Answer> answers = new LinkedHashMap<>();

    /** @param nanoTime as {@link System#nanoTime} */
    ReferenceProver(RegistryClient registry, LongSupplier nanoTime) {
        this.registry = registry;
        this.nanoTime = nanoTime;
    }

    /**
     * Whether the registry has the manifest.
     *
     * @param reference with its digest
     * @return empty if it has, else why that is not so, one sentence without a full stop
     */
    Optional<String> objection(ImageReference reference, Deadline deadline) {
        Optional<Answer> known = known(reference);
        if (known.isPresent()) {
            return known.get().objection();
        }
        Answer answer = ask(reference, deadline);
        remember(reference, answer);
        return answer.objection();
    }

    private Answer ask(ImageReference reference, Deadline deadline) {
        try {
            Optional<String> objection =
                    registry.headManifest(reference, deadline).isPresent()
                            ? Optional.empty()
                            : Optional.of(reference.name() + " does not have it");
            return new Answer(objection, nanoTime.getAsLong() + ANSWER_VALID.toNanos());
        } catch (RegistryException e) {
            return new Answer(
                    Optional.of(String.valueOf(e.getMessage())), nanoTime.getAsLong() + FAILURE_VALID.toNanos());
        }
    }

    private synchronized Optional<Answer> known(ImageReference reference) {
        return Optional.ofNullable(answers.get(reference))
                .filter(answer -> nanoTime.getAsLong() - answer.expires() < 0);
    }

    private synchronized void remember(ImageReference reference, Answer answer) {
        // Removed first: the eldest answer is the one that was given first.
        answers.remove(reference);
        answers.put(reference, answer);
        Iterator<Answer> eldest = answers.values().iterator();
        while (answers.size() > MAX_ANSWERS) {
            eldest.next();
            eldest.remove();
        }
    }

    private record Answer(Optional<String> objection, long expires) {}
}
