# The R programs that are compared: one of them, on one workload, fitting in turns.
#
# Rscript peers.R PROGRAM NAME DESCRIPTION is started by benchmarks.run; DESCRIPTION is the
# workload as JSON.  Timed is the fit from a data frame in memory: formula, factors, optimisation,
# standard errors.  Loading packages and reading are not timed.

options(warn = -1)
arguments <- commandArgs(trailingOnly = TRUE)
program <- arguments[1]
workload <- jsonlite::fromJSON(arguments[3])
suppressPackageStartupMessages(library(program, character.only = TRUE))
data <- as.data.frame(data.table::fread(workload$csv, showProgress = FALSE))
note <- ""

fit_lme4 <- function() {
  model <- lmer(as.formula(workload$formula), data, REML = workload$restricted)
  vcov(model)
  model
}

generalized_family <- function() {
  switch(workload$family, logit = binomial(), poisson = poisson(),
         "negative binomial" = if (program == "glmmTMB") nbinom2() else negative.binomial())
}

fit_glmer <- function() {
  model <- glmer(as.formula(workload$formula), data, generalized_family(), nAGQ = workload$points)
  vcov(model)
  model
}

fit_ordinal <- function() {
  data$y <- factor(data$y, ordered = TRUE)
  data$g <- factor(data$g)
  model <- clmm(as.formula(workload$formula), data = data, nAGQ = workload$points)
  vcov(model)
  model
}

fit_GLMMadaptive <- function() {
  right <- paste(workload$fixed, collapse = " + ")
  effects <- if (is.null(workload$slope)) "1" else workload$slope
  random <- as.formula(paste("~", effects, "|", workload$groups))
  outcome <- "y"
  family <- generalized_family()
  if (workload$family == "weibull") {
    outcome <- "cbind(y, d)"
    family <- weibull()
  }
  if (workload$family == "tobit") {
    data$left <- as.numeric(data$y <= 0)
    outcome <- "cbind(y, left)"
    family <- censored.normal()
  }
  mixed_model(as.formula(paste(outcome, "~", right)), random, data, family,
              nAGQ = workload$points)
}

fit_nlme <- function() {
  if (workload$crossed > 0) stop("crossed effects only with matrices as long as the data")
  fixed <- as.formula(paste("y ~", paste(workload$fixed, collapse = " + ")))
  effects <- if (is.null(workload$slope)) "1" else workload$slope
  random <- as.formula(paste("~", effects, "|", paste(workload$groups, collapse = "/")))
  method <- if (workload$restricted) "REML" else "ML"
  correlation <- NULL
  if (!is.null(workload$time)) {
    form <- as.formula(paste("~", workload$time, "|", paste(workload$groups, collapse = "/")))
    correlation <- corAR1(form = form)
  }
  fit <- function(optimizer) {
    lme(fixed, data, random, correlation, method = method,
        control = lmeControl(opt = optimizer))
  }
  tryCatch(fit("nlminb"), error = function(problem) {
    note <<- "nlminb failed, then optim: the time is of both"
    fit("optim")
  })
}

fit_glmmTMB <- function() {
  if (!is.null(workload$family)) {
    model <- glmmTMB(as.formula(workload$formula), data, generalized_family())
    vcov(model)
    return(model)
  }
  # With autoregressive residuals there are no others.
  dispersion <- if (is.null(workload$time)) ~ 1 else ~ 0
  model <- glmmTMB(as.formula(workload$formula), data, REML = workload$restricted,
                   dispformula = dispersion)
  vcov(model)
  if (model$fit$convergence != 0) stop("not converged: ", model$fit$message)
  model
}

# Satterthwaite's degrees of freedom of every coefficient.
fit_lmerTest <- function() {
  model <- lme4::lmer(as.formula(workload$formula), data, REML = TRUE)
  summary(as_lmerModLmerTest(model), ddf = "Satterthwaite")
  model
}

# Kenward and Roger's covariance matrix and degrees of freedom of every coefficient.
fit_pbkrtest <- function() {
  model <- lme4::lmer(as.formula(workload$formula), data, REML = TRUE)
  adjusted <- vcovAdj(model)
  one <- diag(length(lme4::fixef(model)))
  apply(one, 1, function(row) Lb_ddf(row, vcov(model), adjusted))
  model
}

fit_WeMix <- function() {
  mix(as.formula(workload$formula), data, weights = workload$weights, cWeights = TRUE)
}

fit <- list(lme4 = if (is.null(workload$family)) fit_lme4 else fit_glmer,
            ordinal = fit_ordinal, GLMMadaptive = fit_GLMMadaptive, nlme = fit_nlme, glmmTMB = fit_glmmTMB, WeMix = fit_WeMix,
            lmerTest = fit_lmerTest, pbkrtest = fit_pbkrtest)[[program]]

likelihood <- function(model) {
  if (program == "WeMix") as.numeric(model$lnl) else as.numeric(logLik(model))
}

say <- function(...) {
  cat(jsonlite::toJSON(list(...), auto_unbox = TRUE, digits = NA), "\n", sep = "")
  flush(stdout())
}

say(version = as.character(packageVersion(program)))
input <- file("stdin", open = "r")
while (length(line <- readLines(input, n = 1)) == 1) {
  times <- as.integer(line)
  seconds <- numeric(times)
  answer <- tryCatch({
    for (k in seq_len(times)) {
      note <- ""
      start <- Sys.time()
      model <- fit()
      seconds[k] <- as.numeric(difftime(Sys.time(), start, units = "secs"))
    }
    list(seconds = I(seconds), log_likelihood = likelihood(model), note = note)
  }, error = function(problem) list(failure = conditionMessage(problem)))
  do.call(say, answer)
}
