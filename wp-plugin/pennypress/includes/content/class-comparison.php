<?php
/**
 * Compares the site with what the service has.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

/**
 * The first transfer and the daily comparison are one thing: ask what the service has, go through the site's posts, and put on
 * the queue what differs. The first time, that is everything. It goes step by step, each of which is written down, so it can be left
 * at any moment and taken up by another process.
 */
final class Comparison {

	const OPTION = 'pennypress_comparison';

	/** What it is at: asking the service; going through the posts; sending. And how it can have ended. */
	const ASKING    = 'asking';
	const WALKING   = 'walking';
	const SENDING   = 'sending';
	const DONE      = 'done';
	const CANCELLED = 'cancelled';

	/** Posts that are looked at in one step. */
	const STEP = 200;

	/** Times that a step is tried in vain before the comparison is given up; each waits longer than the one before. */
	const MOST_TRIES = 8;

	const NOTHING = array(
		'run'      => 0,
		'phase'    => '',
		'after'    => '',
		'cursor'   => 0,
		'total'    => 0,
		'looked'   => 0,
		'found'    => 0,
		'tries'    => 0,
		'began'    => 0,
		'ended'    => 0,
		'complete' => 0,
	);

	/**
	 * How it stands.
	 *
	 * @return array<string, mixed> As NOTHING: `looked` of `total` posts were looked at, `found` of them were put on the queue;
	 *                             `complete` is when one last came to its end.
	 */
	public static function state() {
		$saved = get_option( self::OPTION );
		return array_merge( self::NOTHING, is_array( $saved ) ? $saved : array() );
	}

	/**
	 * Whether one is under way.
	 *
	 * @return bool
	 */
	public static function is_at_work() {
		return in_array( self::state()['phase'], array( self::ASKING, self::WALKING, self::SENDING ), true );
	}

	/**
	 * Begins one, from its beginning if one is under way. What waits already goes on waiting. The table is made anew if it is gone,
	 * as after a backup or a copy of the site that left it out: then everything is found to differ.
	 */
	public static function begin() {
		Document_Table::create();
		$before = self::state();
		self::save(
			array(
				'run'      => max( time(), $before['run'] + 1 ),
				'phase'    => self::ASKING,
				'began'    => time(),
				'complete' => $before['complete'],
			) + self::NOTHING
		);
	}

	/**
	 * Begins the daily one, unless one is under way.
	 */
	public static function begin_daily() {
		if ( ! self::is_at_work() || time() - self::state()['began'] >= DAY_IN_SECONDS / 2 ) {
			self::begin();
		}
	}

	/**
	 * Begins one soon: something was changed that many addresses depend on. One that is under way has passed some of them.
	 */
	public static function begin_soon() {
		if ( Settings::learns( Settings::all() ) ) {
			self::begin();
			Worker::plan();
		}
	}

	/**
	 * Ends it where it is. What has been sent stays with the service.
	 */
	public static function cancel() {
		$state = self::state();
		if ( self::is_at_work() ) {
			Comparison_Table::withdraw();
			$state['phase'] = self::CANCELLED;
			$state['ended'] = time();
			self::save( $state );
		}
	}

	/**
	 * Goes on with it. The caller has the lock.
	 *
	 * @param float $until When to stop, as microtime() counts.
	 * @param int   $run   The one that was under way when the caller began its work. A later one is left to the next process: what
	 *                     it was begun for, such as new addresses, this one may not have heard of.
	 * @return bool Whether there is more to do at once.
	 */
	public static function go_on( $until, $run ) {
		while ( microtime( true ) < $until ) {
			wp_cache_delete( self::OPTION, 'options' ); // It may have been cancelled in another process.
			$state = self::state();
			if ( ! self::is_at_work() ) {
				return false;
			}
			if ( $run !== $state['run'] ) {
				return true;
			}
			if ( self::SENDING === $state['phase'] ) {
				$left = Sender::run( $until - microtime( true ), true );
				return self::was_replaced( $state ) || ! self::end_if_all_is_sent( $state ) && $left;
			}
			$next = self::ASKING === $state['phase'] ? self::ask( $state ) : self::walk( $state );
			if ( ! self::was_replaced( $state ) ) {
				self::save( $next );
			}
			if ( $next['tries'] > 0 ) {
				return false;
			}
			Work_Lock::keep();
		}
		return true;
	}

	/**
	 * Asks the service for a page of what it has.
	 *
	 * @param array<string, mixed> $state As state() returned it.
	 * @return array<string, mixed> The next state.
	 */
	private static function ask( array $state ) {
		if ( '' === $state['after'] ) {
			Comparison_Table::forget_remote();
		}
		list( $page, $trouble ) = Content_Service::page( $state['after'] );
		if ( $trouble ) {
			return self::tried_in_vain( $state, $trouble );
		}
		Delivery_State::went_well();
		Comparison_Table::remember_remote( $page['versions'] );
		$state['tries'] = 0;
		$state['after'] = (string) $page['next'];
		if ( null === $page['next'] ) {
			$state['phase'] = self::WALKING;
			$state['total'] = Post_Walk::count();
		}
		return $state;
	}

	/**
	 * A step could not be done, and is done once more, later.
	 *
	 * @param array<string, mixed> $state   As it was before the step.
	 * @param Service_Trouble      $trouble What was wrong.
	 * @return array<string, mixed> The next state.
	 */
	private static function tried_in_vain( array $state, Service_Trouble $trouble ) {
		$delay = max( $trouble->retry_after, Sender::DELAYS[ min( $state['tries'], count( Sender::DELAYS ) - 1 ) ] );
		Delivery_State::went_wrong( $trouble->message, $delay );
		++$state['tries'];
		if ( $state['tries'] > self::MOST_TRIES ) {
			$state['phase'] = self::CANCELLED;
			$state['ended'] = time();
		}
		return $state;
	}

	/**
	 * Looks at some posts.
	 *
	 * @param array<string, mixed> $state As state() returned it.
	 * @return array<string, mixed> The next state.
	 */
	private static function walk( array $state ) {
		$fingerprints = array();
		$ids          = Post_Walk::after( $state['cursor'], self::STEP );
		foreach ( $ids as $id ) {
			$post = get_post( $id );
			if ( Document_Rule::wants( $post ) ) {
				$fingerprints[ $id ] = Post_Document::fingerprint( $post );
			}
		}
		if ( 0 === $state['cursor'] ) {
			$menus = Menu_Document::build();
			if ( $menus ) {
				$fingerprints[ Document_Table::MENUS ] = Menu_Document::fingerprint( $menus );
			}
		}
		$differ = array_diff( array_keys( $fingerprints ), Comparison_Table::in_order( $fingerprints, $state['run'] ) );
		foreach ( array_chunk( $differ, self::STEP ) as $some ) {
			if ( ! Document_Table::enqueue( $some, false, $state['run'] ) ) {
				return self::tried_in_vain( $state, Service_Trouble::of_the_database() );
			}
		}
		$state['tries']   = 0;
		$state['found']  += count( $differ );
		$state['looked'] += count( $ids );
		$state['cursor']  = $ids ? (int) end( $ids ) : $state['cursor'];
		if ( count( $ids ) < self::STEP ) {
			$state['found'] += Comparison_Table::enqueue_gone( $state['run'] );
			$state['phase']  = self::SENDING;
		}
		return $state;
	}

	/**
	 * Ends the comparison if nothing of it waits.
	 *
	 * @param array<string, mixed> $state As state() returned it.
	 * @return bool Whether it has ended.
	 */
	private static function end_if_all_is_sent( array $state ) {
		if ( self::was_replaced( $state ) || Document_Table::waiting_of( $state['run'] ) > 0 ) {
			return false;
		}
		$state['phase']    = self::DONE;
		$state['ended']    = time();
		$state['complete'] = time();
		self::save( $state );
		return true;
	}

	/**
	 * Whether another comparison has begun, or this one was cancelled, since a state was read.
	 *
	 * @param array<string, mixed> $state As state() returned it.
	 * @return bool
	 */
	private static function was_replaced( array $state ) {
		wp_cache_delete( self::OPTION, 'options' );
		$now = self::state();
		return $now['run'] !== $state['run'] || $now['phase'] !== $state['phase'];
	}

	/**
	 * Writes down how it stands.
	 *
	 * @param array<string, mixed> $state The state.
	 */
	private static function save( array $state ) {
		update_option( self::OPTION, array_intersect_key( $state, self::NOTHING ), false );
	}
}
