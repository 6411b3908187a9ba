# nlme on one nonlinear workload, fitting in turns; started by benchmarks.nonlinear_run.

options(warn = -1)
arguments <- commandArgs(trailingOnly = TRUE)
workload <- jsonlite::fromJSON(arguments[2])
suppressPackageStartupMessages(library(nlme))
data <- groupedData(y ~ time | g, read.csv(workload$csv))
effects <- paste(paste0("phi", workload$random + 1), collapse = " + ")
random <- as.formula(paste(effects, "~ 1"))
start <- c(phi1 = workload$start[1], phi2 = workload$start[2], phi3 = workload$start[3])

fit <- function() {
  structure <- if (workload$unstructured) pdSymm(random) else pdDiag(random)
  weights <- if (workload$power) varPower() else NULL
  nlme(as.formula(workload$formula), data, fixed = phi1 + phi2 + phi3 ~ 1, random = structure,
       start = start, weights = weights, method = "ML")
}

say <- function(...) {
  cat(jsonlite::toJSON(list(...), auto_unbox = TRUE, digits = NA), "\n", sep = "")
  flush(stdout())
}

say(version = as.character(packageVersion("nlme")))
input <- file("stdin", open = "r")
while (length(line <- readLines(input, n = 1)) == 1) {
  seconds <- numeric(as.integer(line))
  tryCatch({
    for (i in seq_along(seconds)) {
      begun <- proc.time()[["elapsed"]]
      model <- fit()
      seconds[i] <- proc.time()[["elapsed"]] - begun
    }
    say(seconds = I(seconds), log_likelihood = as.numeric(logLik(model)))
  }, error = function(problem) say(failure = conditionMessage(problem)))
}
