package dev.sluice.mount;

import dev.sluice.image.ImageResolver;
import dev.sluice.image.LayerClaim;
import dev.sluice.image.ResolvedImage;
import dev.sluice.layer.DigestMismatchException;
import dev.sluice.mount.LayerBuilder.Result;
import dev.sluice.mount.LazyLayers.Disagreement;
import dev.sluice.registry.Digest;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out which layer is right where images disagree on one. First each image is asked what it means, for it may stand for the layer that is
 * here without our knowing; then blobs are fetched in full until one has the diff ID that all images claim. That layer is right for all
 * of them. A question is asked once, whoever asks it. Safe for use by many threads.
 */
final class Settlements {
    /** What was found stays pinned so long for those who asked. */
    static final Duration LIFETIME = Duration.ofMinutes(10);

    /** containerd asks about all its snapshots again and again; what failed is not fetched each time. */
    static final Duration RETRY = Duration.ofMinutes(1);

    private static final Logger log = LoggerFactory.getLogger(Settlements.class);

    private final LayerBuilder builder;
    private final LayerReferences references;
    private final LayerAgreement agreement;
    private final StoredLayers stored;
    private final Disproofs disproofs;
    private final Images images;
    private final Executor executor;
    private final InstantSource clock;

    /** Guarded by itself. */
    private final Map<Question, Asked> questions = new HashMap<>();

    /** Finds the image of a claim, with its registry. */
    interface Images {
        /** See {@link ImageResolver#imageOf}; bounded in time. */
        ResolvedImage of(String namespace, LayerClaim claim) throws IOException;
    }

    /** What was found out. */
    sealed interface Verdict {
        /** All images mean the layer that is disputed. */
        record Agreed() implements Verdict {}

        /** A layer with the diff ID, and whose it is. It is pinned for a while. */
        record Right(LayerId id, ResolvedImage image) implements Verdict {}

        record Open(String reason) implements Verdict {}
    }

    private record Question(String namespace, String chainId, LayerId disputed, Set<Digest> manifests) {}

    private record Asked(long millis, CompletableFuture<Verdict> verdict) {}

    /** @param executor runs what waits for the network, for as long as it takes */
    Settlements(
            LayerBuilder builder,
            LayerReferences references,
            LayerAgreement agreement,
            StoredLayers stored,
            Disproofs disproofs,
            Images images,
            Executor executor,
            InstantSource clock) {
        this.builder = builder;
        this.references = references;
        this.agreement = agreement;
        this.stored = stored;
        this.disproofs = disproofs;
        this.images = images;
        this.executor = executor;
        this.clock = clock;
    }

    /** Begins to find out, or joins who has. Returns at once; the verdict is never a failure. */
    CompletableFuture<Verdict> begin(String namespace, Disagreement disagreement, LayerId disputed) {
        dropExpired();
        Question question = new Question(
                namespace,
                disagreement.chainId(),
                disputed,
                disagreement.claims().stream().map(LayerClaim::manifestDigest).collect(Collectors.toSet()));
        CompletableFuture<Verdict> mine = new CompletableFuture<>();
        synchronized (questions) {
            Asked before = questions.putIfAbsent(question, new Asked(clock.millis(), mine));
            if (before != null) {
                return before.verdict();
            }
        }
        executor.execute(() -> answer(question, disagreement, mine));
        return mine;
    }

    /** Gives up what nobody came for, and lets what failed be tried again. */
    void dropExpired() {
        List<Verdict> dropped = new ArrayList<>();
        synchronized (questions) {
            questions.values().removeIf(asked -> {
                Optional<Verdict> verdict = Optional.ofNullable(asked.verdict().getNow(null));
                long age = clock.millis() - asked.millis();
                boolean over =
                        verdict.isPresent() && age >= lifetime(verdict.get()).toMillis();
                if (over) {
                    dropped.add(verdict.get());
                }
                return over;
            });
        }
        dropped.forEach(this::unpin);
    }

    private static Duration lifetime(Verdict verdict) {
        if (verdict instanceof Verdict.Right) {
            return LIFETIME;
        }
        return verdict instanceof Verdict.Open ? RETRY : Duration.ZERO;
    }

    private void unpin(Verdict verdict) {
        if (verdict instanceof Verdict.Right right) {
            references.unpin(right.id());
        }
    }

    private void answer(Question question, Disagreement disagreement, CompletableFuture<Verdict> answer) {
        Verdict verdict = new Verdict.Open("a defect of this program");
        try {
            verdict = new Search(question, disagreement.claims()).run();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            verdict = new Verdict.Open("the daemon ends");
        } finally {
            // From now on its age counts.
            synchronized (questions) {
                questions.replace(question, new Asked(clock.millis(), answer));
            }
            answer.complete(verdict);
        }
        log(question, disagreement, verdict);
    }

    private void log(Question question, Disagreement disagreement, Verdict verdict) {
        String disputed = stored.record(question.disputed())
                .map(record -> record.format() + " layer " + record.layer().digest() + " of " + record.sources())
                .orElse("layer " + question.disputed().hex());
        if (verdict instanceof Verdict.Right right) {
            log.warn(
                    "Chain ID {} is settled: the {} was never verified and is not used any more; layer {} of {} has the diff"
                            + " ID. Containers that run on the former keep it: start them again if you do not trust it. It was: {}",
                    question.chainId(),
                    disputed,
                    right.image().layer().digest(),
                    right.image().reference(),
                    disagreement.sentence());
        } else if (verdict instanceof Verdict.Open open) {
            log.error("Chain ID {} cannot be settled, {}: {}", question.chainId(), disputed, open.reason());
        } else {
            log.info("Chain ID {} is settled: all images mean the {}", question.chainId(), disputed);
        }
    }

    /** One search for the truth. */
    private final class Search {
        private final Question question;
        private final List<LayerClaim> claims;
        private final Map<Digest, ResolvedImage> found = new HashMap<>();
        private final Set<Digest> read = new HashSet<>();
        private final List<String> reasons = new ArrayList<>();

        Search(Question question, List<LayerClaim> claims) {
            this.question = question;
            // The layer of those who do not mean the one that is here was perhaps asked for just now.
            this.claims = claims.stream()
                    .sorted(Comparator.comparing((LayerClaim claim) -> means(claim)))
                    .toList();
        }

        private boolean means(LayerClaim claim) {
            return agreement.means(claim, question.disputed());
        }

        Verdict run() throws InterruptedException {
            for (LayerClaim claim : claims) {
                Optional<Verdict> right = means(claim) ? Optional.empty() : ask(claim);
                if (right.isPresent()) {
                    return right.get();
                }
            }
            if (claims.stream().allMatch(this::means)) {
                return new Verdict.Agreed();
            }
            for (LayerClaim claim : claims) {
                // One blob proves the same, whoever names it.
                if (!read.contains(claim.layer().digest())) {
                    Optional<Verdict> right = verify(claim);
                    if (right.isPresent()) {
                        return right.get();
                    }
                }
            }
            return new Verdict.Open(reasons.isEmpty() ? "no image is known" : String.join("; ", reasons));
        }

        /** Asks an image what it means, as its pull would. If that is found out by fetching all of it, this is the truth already. */
        private Optional<Verdict> ask(LayerClaim claim) throws InterruptedException {
            try {
                ResolvedImage image = image(claim);
                if (disproofs.contains(claim) || builder.namesItsIndex(image, image.layerIndex())) {
                    return Optional.empty();
                }
                return outcome(claim, image, builder.build(image, image.layerIndex()));
            } catch (IOException e) {
                log.debug("What {} means is not known", claim.manifestDigest(), e);
                return Optional.empty();
            }
        }

        private Optional<Verdict> verify(LayerClaim claim) throws InterruptedException {
            try {
                ResolvedImage image = image(claim);
                if (disproofs.contains(claim)) {
                    reasons.add(lie(claim));
                    return Optional.empty();
                }
                Result result = builder.verify(image, image.layerIndex());
                if (result instanceof Result.NotLazy notLazy) {
                    reasons.add(agreement.name(question.namespace(), claim) + ": " + notLazy.reason());
                }
                return outcome(claim, image, result);
            } catch (IOException e) {
                reasons.add(agreement.name(question.namespace(), claim) + ": " + e.getMessage());
                return Optional.empty();
            }
        }

        /** Right if the result is verified; it stays pinned then. */
        private Optional<Verdict> outcome(LayerClaim claim, ResolvedImage image, Result result)
                throws InterruptedException {
            if (result instanceof Result.Built built) {
                if (stored.isVerified(built.id())) {
                    return Optional.of(new Verdict.Right(built.id(), image));
                }
                references.unpin(built.id());
            } else if (result instanceof Result.UnderWay underWay) {
                read.add(claim.layer().digest());
                try {
                    return Optional.of(new Verdict.Right(underWay.fetched().get(), image));
                } catch (ExecutionException e) {
                    reasons.add(failure(claim, e));
                }
            }
            return Optional.empty();
        }

        private String failure(LayerClaim claim, ExecutionException failure) {
            Throwable cause = Failures.root(failure);
            if (cause instanceof DigestMismatchException mismatch && mismatch.blobIsRight()) {
                disproofs.add(claim);
                String lie = lie(claim);
                log.error("Forged: {}", lie);
                return lie;
            }
            return agreement.name(question.namespace(), claim) + ": " + Failures.message(cause);
        }

        private String lie(LayerClaim claim) {
            return agreement.name(question.namespace(), claim) + " is forged: its layer "
                    + claim.layer().digest() + " does not have the diff ID " + claim.diffId() + " that it claims";
        }

        private ResolvedImage image(LayerClaim claim) throws IOException {
            ResolvedImage known = found.get(claim.manifestDigest());
            if (known != null) {
                return known;
            }
            ResolvedImage image = images.of(question.namespace(), claim);
            found.put(claim.manifestDigest(), image);
            return image;
        }
    }
}
