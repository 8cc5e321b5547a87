<?php
/**
 * Does what there is to do.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

/**
 * Brings comparison and queue forward, a shift at a time, in whatever request there is: one that the site makes to itself, one of
 * WP-Cron, one of the command line. What is left after a shift is left to the next.
 */
final class Worker {

	/** WP-Cron's names of our events. */
	const EVENT_WORK    = 'pennypress_work';
	const EVENT_COMPARE = 'pennypress_compare';

	/** Seconds of a shift; PHP often ends a program after 30. */
	const SHIFT = 20;

	/** Seconds until WP-Cron looks whether work was left lying. */
	const LOOK_AGAIN = 60;

	/**
	 * Works.
	 *
	 * @param float $seconds How long at most.
	 */
	public static function work( $seconds ) {
		if ( ! Settings::learns( Settings::all() ) ) {
			return;
		}
		if ( function_exists( 'set_time_limit' ) ) {
			@set_time_limit( (int) $seconds + 120 ); // phpcs:ignore WordPress.PHP.NoSilencedErrors, Generic.PHP.NoSilencedErrors -- some hosts forbid it.
		}
		$limit   = (int) ini_get( 'max_execution_time' );
		$seconds = $limit > 0 ? min( $seconds, $limit / 2 ) : $seconds; // The rest is for what was done before, and for the last document.
		$run     = Comparison::state()['run'];
		$until   = microtime( true ) + $seconds;
		$left    = Sender::run( $seconds, false ); // What people did just now comes first.
		if ( Comparison::is_at_work() && Delivery_State::get()['until'] <= time() && Work_Lock::take() ) {
			$left = Comparison::go_on( $until, $run ) || $left;
			Work_Lock::release();
		}
		if ( $left ) {
			self::go_on();
		} else {
			self::plan();
		}
	}

	/**
	 * Sees to it that the work goes on: now, in a request of its own; and if that cannot be, by WP-Cron.
	 */
	public static function go_on() {
		self::plan();
		Loopback::ask( true );
	}

	/**
	 * Tells WP-Cron when there is something to do again.
	 */
	public static function plan() {
		$due = Document_Table::next_due();
		if ( Comparison::is_at_work() ) {
			$look = max( time() + self::LOOK_AGAIN, Delivery_State::get()['until'] );
			$due  = null === $due ? $look : min( $due, $look );
		}
		if ( null === $due ) {
			return;
		}
		$due     = max( $due, time() + 1 );
		$planned = wp_next_scheduled( self::EVENT_WORK );
		if ( $planned && $planned <= $due ) {
			return;
		}
		// WordPress takes no second event of a name within ten minutes of the first.
		wp_clear_scheduled_hook( self::EVENT_WORK );
		wp_schedule_single_event( $due, self::EVENT_WORK );
	}

	/**
	 * WP-Cron's turn.
	 */
	public static function on_cron() {
		self::work( self::SHIFT );
	}

	/**
	 * WP-Cron's daily turn.
	 */
	public static function on_daily() {
		Comparison::begin_daily();
		self::work( self::SHIFT );
	}

	/**
	 * Sees to it that the daily comparison is planned. At an hour of its own, so that not all sites of a host begin at once.
	 */
	public static function plan_daily() {
		if ( ! wp_next_scheduled( self::EVENT_COMPARE ) ) {
			wp_schedule_event( time() + DAY_IN_SECONDS + wp_rand( 0, 6 * HOUR_IN_SECONDS ), 'daily', self::EVENT_COMPARE );
		}
	}

	/**
	 * Plans nothing any more.
	 */
	public static function rest() {
		wp_clear_scheduled_hook( self::EVENT_WORK );
		wp_clear_scheduled_hook( self::EVENT_COMPARE );
	}
}
